/**
 * The versions in an index that is JSON, each as it stands there: objects in lists of an object within the outermost one.
 * Found without parsing all of it at once, which would hold up everybody; now and then it yields undefined.
 */
export function* jsonItems(content: Buffer): Generator<string | undefined> {
  let open = ''
  let start = 0
  for (let at = 0, steps = 1; at < content.length; at += 1, steps += 1) {
    switch (content[at]) {
      case QUOTE:
        at = endOfText(content, at)
        break
      case OPEN_OBJECT:
        if (open === AROUND_ITEMS) start = at
        open += '{'
        break
      case OPEN_LIST:
        open += '['
        break
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        open = open.slice(0, -1)
        if (open === AROUND_ITEMS) yield content.toString('utf8', start, at + 1)
        break
    }
    if (steps % STEPS_AT_ONCE === 0) yield undefined
  }
}

const AROUND_ITEMS = '{{['
/** Some tens of µs. */
const STEPS_AT_ONCE = 1024

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = Buffer.from('"\\{}[]')

/** Where the quote is that ends the text. */
function endOfText(content: Buffer, start: number): number {
  for (let at = start + 1; at < content.length; at += 1) {
    if (content[at] === BACKSLASH) at += 1
    else if (content[at] === QUOTE) return at
  }
  return content.length
}
