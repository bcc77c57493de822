// SPDX-License-Identifier: BSD-3-Clause
// Mints a JWT with the npm package jose.
// usage: node mint_jose.mjs PRIVATE.jwk CLAIMS_JSON [HEADER_JSON]     prints the compact token
import { readFileSync } from 'node:fs';
import { SignJWT, importJWK } from 'jose';

const [, , path, claims, header] = process.argv;
const jwk = JSON.parse(readFileSync(path, 'utf8'));
const key = await importJWK(jwk, 'EdDSA');
const token = await new SignJWT(JSON.parse(claims))
  .setProtectedHeader({ alg: 'EdDSA', kid: jwk.kid, ...JSON.parse(header ?? '{}') })
  .sign(key);
console.log(token);
