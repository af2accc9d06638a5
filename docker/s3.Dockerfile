# The buckets of the trial: s3s-fs, a small server of the S3 interface; the version that `make test-s3` runs against.
FROM rust:1-slim-bookworm AS build
RUN cargo install s3s-fs --version 0.14.1 --features binary --locked --root /opt/s3s-fs

FROM debian:bookworm-slim
RUN groupadd --system --gid 10001 s3 \
    && useradd --system --uid 10001 --gid s3 --no-create-home --home-dir /buckets --shell /usr/sbin/nologin s3 \
    && install -d -o s3 -g s3 -m 0700 /buckets /buckets/editions
COPY --from=build /opt/s3s-fs/bin/s3s-fs /usr/local/bin/s3s-fs
USER 10001:10001
VOLUME /buckets
EXPOSE 8014
# the keys are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a shell hands them over
ENTRYPOINT ["sh", "-c", "exec s3s-fs --host 0.0.0.0 --port 8014 --access-key \"$AWS_ACCESS_KEY_ID\" --secret-key \"$AWS_SECRET_ACCESS_KEY\" /buckets"]
