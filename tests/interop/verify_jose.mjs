// SPDX-License-Identifier: BSD-3-Clause
// Verifies a JWT with the npm package jose.
// usage: node verify_jose.mjs KEYS.jwks TOKEN AUDIENCE NOW     prints the claims
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify } from 'jose';

const [, , path, token, audience, now] = process.argv;
const keys = createLocalJWKSet(JSON.parse(readFileSync(path, 'utf8')));
const { payload } = await jwtVerify(token, keys, { audience, currentDate: new Date(now * 1000) });
console.log(JSON.stringify(payload));
