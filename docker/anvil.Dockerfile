# The chain of the trial: anvil, as its makers publish it for npm; the version that `make test-ledger` runs on.
FROM node:22-bookworm-slim
RUN npm install --global --no-audit --no-fund @foundry-rs/anvil@1.7.1 \
    && install -d -o node -g node -m 0700 /chain
USER 1000:1000
VOLUME /chain
EXPOSE 8545
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s --retries=5 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8545', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: []})}).then(told => process.exit(told.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["anvil"]
# no fees, so that no participant needs funds; the chain is written down every few seconds and when it ends
CMD ["--quiet", "--host", "0.0.0.0", "--accounts", "0", "--chain-id", "20261121", "--block-base-fee-per-gas", "0", \
    "--gas-price", "0", "--no-priority-fee", "--state", "/chain/chain.json", "--state-interval", "5"]
