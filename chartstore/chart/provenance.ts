import { InvalidChart } from './chart-error.ts'
import { decodeGo, type GoStruct } from './go-decode.ts'
import { parseGoYaml } from './go-yaml.ts'

export interface Provenance {
  name: string
  version: string
  /** File name to sha256, 64 lower-case hex digits; empty where the signer left them out. */
  files: Map<string, string>
}

const BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----'
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----'

const METADATA: GoStruct = { struct: 'Metadata', fields: { name: 'string', version: 'string' } }
const SUMS: GoStruct = { struct: 'SumCollection', fields: { files: { map: 'string' } } }

/**
 * What a provenance file says that it signs: Chart.yaml, then `...`, then the sums of the files, in a clear-signed
 * OpenPGP message (helm's pkg/provenance). The signature is not looked at. Name and version are read as YAML, as helm
 * reads Chart.yaml, so that a quoted version means the same file as the chart's own.
 * @throws {InvalidChart} `invalid provenance file`
 */
export function readProvenance(text: string): Provenance {
  const message = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  if (!message.startsWith(`${BEGIN}\n`)) throw invalid()
  const [chartYaml = '', sums = ''] = signedText(message).split(/^\.\.\.[ \t]*$/m)
  const { name, version } = decode(chartYaml, METADATA)
  if (typeof name !== 'string' || typeof version !== 'string' || !name || !version) throw invalid()
  const { files } = decode(sums, SUMS)
  return { name, version, files: readSums(files) }
}

/** Armor headers end at the first empty line; lines that begin with a dash are escaped (RFC 9580, 7.2). */
function signedText(message: string): string {
  const start = message.indexOf('\n\n')
  if (start === -1) throw invalid()
  const end = message.indexOf(`\n${SIGNATURE}`, start)
  const signed = message.slice(start + 2, end === -1 ? undefined : end)
  return signed.replace(/^- /gm, '')
}

function decode(yaml: string, type: GoStruct): Record<string, unknown> {
  try {
    return Object(decodeGo(parseGoYaml(yaml), type))
  } catch (error) {
    throw invalid(error)
  }
}

function readSums(files: unknown): Map<string, string> {
  const sums = new Map<string, string>()
  for (const [name, sum] of Object.entries(Object(files))) {
    const digest = /^sha256:([0-9a-fA-F]{64})$/.exec(String(sum))?.[1]
    if (digest !== undefined) sums.set(name, digest.toLowerCase())
  }
  return sums
}

function invalid(cause?: unknown): InvalidChart {
  return new InvalidChart('invalid provenance file', { cause })
}
