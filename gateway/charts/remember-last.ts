/** A pure function that remembers its last result, by the identity of what it was given. */
export function rememberLast<Given extends unknown[], Result>(
  make: (...given: Given) => Result,
): (...given: Given) => Result {
  let last: { given: Given; result: Result } | undefined
  return (...given) => {
    if (last === undefined || last.given.some((one, index) => one !== given[index])) {
      last = { given, result: make(...given) }
    }
    return last.result
  }
}
