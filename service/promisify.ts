/**
 * That of `node:util`, which as an ES module has all its names looked at: some of them load parts of Node that nobody here needs,
 * 2 ms of every start.
 */
export const { promisify } = process.getBuiltinModule('node:util')
