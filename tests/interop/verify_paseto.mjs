// SPDX-License-Identifier: BSD-3-Clause
// Verifies a PASETO v4.public with the npm package paseto.
// usage: node verify_paseto.mjs KEYS.jwks TOKEN AUDIENCE NOW [ASSERTION]     prints the claims
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { V4 } from 'paseto';

const [, , path, token, audience, now, assertion] = process.argv;
const jwk = JSON.parse(readFileSync(path, 'utf8')).keys[0];
const { payload, footer } = await V4.verify(token, createPublicKey({ key: jwk, format: 'jwk' }), {
  audience,
  now: new Date(now * 1000),
  complete: true,
  ...(assertion === undefined ? {} : { assertion }),
});
if (JSON.parse(footer).kid !== jwk.kid) throw new Error('another kid');
console.log(JSON.stringify(payload));
