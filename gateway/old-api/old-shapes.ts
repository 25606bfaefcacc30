/** JSON as Harbor 2's operations answer it. */
type Fields = Readonly<Record<string, unknown>>

/** Applies a translation to each item of a list. */
export function each(translate: (fields: Fields) => unknown): (answer: unknown) => unknown {
  return (answer) => (answer as readonly Fields[]).map(translate)
}

/** Applies a translation to the one object of an answer. */
export function one(translate: (fields: Fields) => unknown): (answer: unknown) => unknown {
  return (answer) => translate(answer as Fields)
}

export function toOldProject(project: Fields): object {
  const role = project.current_user_role_id ?? 0
  const { cve_allowlist: _later, current_user_role_ids: _roles, ...same } = project
  return { ...same, deleted: false, togglable: role === 1, current_user_role_id: role }
}

/** Harbor 1.7 named the columns of its table, filled or not. */
export function toOldUser(user: Fields): object {
  return {
    user_id: user.user_id,
    username: user.username,
    email: user.email,
    password: '',
    realname: user.realname ?? '',
    comment: user.comment ?? '',
    deleted: false,
    role_name: '',
    role_id: 0,
    has_admin_role: user.sysadmin_flag,
    reset_uuid: '',
    creation_time: user.creation_time,
    update_time: user.update_time,
  }
}

/** A repository and a tag stand for chart and version, as they stood for an image. */
export function toOldLog(log: Fields): object {
  const resource = String(log.resource)
  const colon = resource.lastIndexOf(':')
  return {
    log_id: log.id,
    username: log.username ?? '',
    repo_name: colon === -1 ? resource : resource.slice(0, colon),
    repo_tag: colon === -1 ? 'N/A' : resource.slice(colon + 1),
    guid: '',
    operation: log.operation,
    op_time: log.op_time,
  }
}

export function toOldSearch({ project, repository, chart }: Fields): object {
  return { project: each(toOldProject)(project), repository, Chart: chart }
}

export function toOldDeletable({ deletable, message }: Fields): object {
  return { deletable: deletable ?? false, message: message ?? '' }
}
