// SPDX-License-Identifier: BSD-3-Clause
// Mints a PASETO v4.public with the npm package paseto.
// usage: node mint_paseto.mjs PRIVATE.jwk CLAIMS_JSON [FOOTER_JSON [ASSERTION]]     prints the token
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { V4 } from 'paseto';

const [, , path, claims, footer, assertion] = process.argv;
const jwk = JSON.parse(readFileSync(path, 'utf8'));
const key = createPrivateKey({ key: jwk, format: 'jwk' });
const text = (seconds) => new Date(seconds * 1000).toISOString();
const payload = JSON.parse(claims);
for (const name of ['exp', 'nbf', 'iat'])
  if (name in payload) payload[name] = text(payload[name]);
console.log(await V4.sign(payload, key, {
  iat: false,
  footer: { kid: jwk.kid, ...JSON.parse(footer ?? '{}') },
  ...(assertion === undefined ? {} : { assertion }),
}));
