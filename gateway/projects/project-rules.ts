import { BadRequest } from '../http/errors.ts'

const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/

/** @throws {BadRequest} with Harbor's texts. */
export function checkProjectName(name: string): void {
  if (name.length < 1 || name.length > 255) {
    throw new BadRequest(
      `Project name ${name} is illegal in length. (greater than 255 or less than 1)`,
    )
  }
  if (!NAME.test(name)) {
    throw new BadRequest('project name is not in lower case or contains illegal characters')
  }
}
