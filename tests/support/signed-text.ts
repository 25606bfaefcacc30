/** Shaped as `helm package --sign` writes it; nobody verifies it in tests that use this. */
export function signedText(name: string, version: string, digest?: string): string {
  const files = digest === undefined ? '' : `files:\n  ${name}-${version}.tgz: sha256:${digest}\n`
  return `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

name: ${name}
version: ${version}

...
${files}-----BEGIN PGP SIGNATURE-----

AAAA
-----END PGP SIGNATURE-----
`
}
