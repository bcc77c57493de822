// SPDX-License-Identifier: BSD-3-Clause
// Verifies a CWT with the npm package @auth0/cose.
// usage: node verify_cose.mjs KEYS.jwks HEX     prints the subject, as JSON
import { readFileSync } from 'node:fs';
import { Sign1 } from '@auth0/cose';
import { Decoder } from 'cbor-x';
import { importJWK } from 'jose';

const [, , path, hex] = process.argv;
const jwk = JSON.parse(readFileSync(path, 'utf8')).keys[0];
const token = Sign1.decode(Buffer.from(hex, 'hex'));
await token.verify(await importJWK(jwk, 'EdDSA'));
const claims = new Decoder({ mapsAsObjects: false }).decode(token.payload);
console.log(JSON.stringify({ sub: claims.get(2), exp: claims.get(4) }));
