// SPDX-License-Identifier: BSD-3-Clause
// One npm library on the tokens of a corpus: libraries.py starts it, one process a library, on one CPU.
// usage: libraries.mjs LIBRARY FOLDER SECONDS < JSON {issuers: {url: jwk}, audience, tokens}
import { readFileSync } from 'node:fs'
import { createPublicKey } from 'node:crypto'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [library, folder, seconds] = process.argv.slice(2)
const require = createRequire(pathToFileURL(folder + '/'))
const input = JSON.parse(readFileSync(0, 'utf8'))
const payloadOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())

// Each gives a function token → payload that throws where the token must not pass. Keys are made once.
const verifiers = {
  async jose () {
    const { jwtVerify, importJWK } = await import(pathToFileURL(require.resolve('jose')))
    const keys = {}
    for (const [issuer, jwk] of Object.entries(input.issuers)) keys[issuer] = await importJWK(jwk, 'EdDSA')
    const issuers = Object.keys(keys)
    return async (token) => (await jwtVerify(token, (_, jws) => keys[JSON.parse(
      Buffer.from(jws.payload, 'base64url').toString()).iss], { audience: input.audience, issuer: issuers })).payload
  },
  async 'fast-jwt' () {
    const { createVerifier } = require('fast-jwt')
    const verifier = {}
    for (const [issuer, jwk] of Object.entries(input.issuers)) {
      const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' })
      verifier[issuer] = createVerifier({
        key, algorithms: ['EdDSA'], cache: false, allowedIss: issuer, allowedAud: input.audience, requiredClaims: ['exp']
      })
    }
    return (token) => verifier[payloadOf(token).iss](token)
  }
}

async function all (verify) {
  let ok = 0
  const start = process.hrtime.bigint()
  for (const token of input.tokens) {
    if ((await verify(token)).sub !== undefined) ok++
  }
  if (ok !== input.tokens.length) throw new Error('a valid token was refused')
  return Number(process.hrtime.bigint() - start) / input.tokens.length
}

async function mustRefuse (verify, token) {
  try {
    await verify(token)
  } catch {
    return
  }
  throw new Error('a forged token was accepted')
}

// Not every package lets itself be asked for its package.json.
function versionOf (name) {
  for (const path of require.resolve.paths(name)) {
    try {
      return JSON.parse(readFileSync(`${path}/${name}/package.json`, 'utf8')).version
    } catch {}
  }
  return 'unknown'
}

const verify = await verifiers[library]()
await mustRefuse(verify, input.forged)
await all(verify) // does not count: the compiler warms up
const rounds = []
const end = Date.now() + 1000 * Number(seconds)
do rounds.push(await all(verify)); while (Date.now() < end)
console.log(JSON.stringify({ version: versionOf(library), runtime: `node ${process.version}`, wall_ns: rounds }))
