import type { Bytes } from '../../service/bytes.ts'
import type { Answer } from './answer.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** JSON without spaces, as ChartMuseum writes it. */
export function json(value: unknown, status = 200): Answer {
  return jsonText(JSON.stringify(value), status)
}

export function jsonText(body: string | Bytes, status = 200): Answer {
  return { status, headers: { 'content-type': JSON_TYPE }, body }
}

export function welcome(): Answer {
  return { status: 200, headers: { 'content-type': 'text/html' }, body: WELCOME_PAGE }
}

const WELCOME_PAGE = `<!DOCTYPE html>
<html>
<head><title>Chartgate chart store</title></head>
<body>
<h1>Chartgate chart store</h1>
<p>If you see this page, the chart store is running. It speaks the API of ChartMuseum:
add <code>/&lt;repository&gt;</code> to this address for <code>helm repo add</code>.</p>
</body>
</html>
`
