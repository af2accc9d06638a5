// An OpenID provider of its own (npm's oidc-provider), for people of a file that may change while it runs:
//   node provider.mjs PORT CLIENT SECRET RETURNS-TO PEOPLE.json
// PEOPLE.json: {"SUB": {"name": …, "groups": […], "amr": […], "acr": …}}; who signs in types the subject alone.
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Provider } from 'oidc-provider'

const [port, client, secret, returnsTo, file] = process.argv.slice(2)
const people = () => JSON.parse(readFileSync(file, 'utf8'))
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = { ...privateKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'ES256' }

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: client,
    client_secret: secret,
    redirect_uris: [returnsTo],
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [key] },
  cookies: { keys: ['of this test'] },
  claims: { openid: ['sub', 'amr', 'acr'], profile: ['preferred_username', 'groups'] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  async findAccount (_ctx, sub) {
    const { name, groups } = people()[sub] ?? {}
    return { accountId: sub, claims: () => ({ sub, preferred_username: name, groups }) }
  },
  async loadExistingGrant (ctx) {
    const grant = new provider.Grant({ clientId: client, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid profile')
    await grant.save()
    return grant
  },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  if (ctx.method === 'GET') {
    ctx.type = 'html'
    ctx.body = `<form method="post" action="${ctx.path}"><input name="sub"><button>Sign in</button></form>`
    return
  }
  let body = ''
  for await (const chunk of ctx.req) body += chunk
  const accountId = new URLSearchParams(body).get('sub')
  const { amr, acr } = people()[accountId] ?? {}
  const result = accountId ? { login: { accountId, amr, acr } } : { error: 'access_denied' }
  await provider.interactionFinished(ctx.req, ctx.res, result)
  ctx.respond = false
})
provider.listen(Number(port), 'localhost', () => console.log('ready'))
