// http-proxy-middleware and nothing else in front of a chart store, as a process of its own: what a hop costs at least.
import { Agent, createServer } from 'node:http'
import { createProxyMiddleware } from 'http-proxy-middleware'

const { PORT, TARGET = '' } = process.env
const proxy = createProxyMiddleware({
  target: TARGET,
  agent: new Agent({ keepAlive: true }),
  changeOrigin: true,
})

createServer((req, res) => {
  if (req.url === '/ready') res.end()
  else void proxy(req, res)
}).listen(Number(PORT), '127.0.0.1')
