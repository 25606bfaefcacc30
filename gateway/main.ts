import '../service/code-cache.js'

// What is imported by name is compiled before the line above has run.
await import('./process.ts')
