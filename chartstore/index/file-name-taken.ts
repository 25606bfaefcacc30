/** Two charts whose names and versions join to the same file name: the second one is refused. */
export class FileNameTaken extends Error {
  override name = 'FileNameTaken'

  constructor(fileName: string, holder: { name: string; version: string }) {
    super(
      `${fileName} already holds version ${holder.version} of chart ${holder.name}: ` +
        'give this chart another name or version',
    )
  }
}
