import { isSystemAdmin } from '../access/can.ts'
import type { Principal } from '../auth/principal.ts'
import type { Settings } from '../settings/settings-model.ts'
import { NO_LIMIT, type Quota, readHard } from './quota.ts'

/**
 * The quota of a new project: what a system admin asks for, and for all others, and for 0, what is decided for new ones.
 * @throws {BadRequest} where a system admin asks for what cannot be.
 */
export function chooseQuota(
  principal: Principal,
  asked: { storage_limit?: number | null | undefined; count_limit?: number | null | undefined },
  settings: DefaultsOfQuotas,
): Quota {
  const { maxBytes, maxVersions } = defaultQuota(settings)
  const wanted = isSystemAdmin(principal) ? asked : {}
  const hard = {
    storage: wanted.storage_limit || maxBytes,
    count: wanted.count_limit || maxVersions,
  }
  return { maxBytes, maxVersions, ...readHard(hard) }
}

export function defaultQuota({ storage_per_project: maxBytes }: DefaultsOfQuotas): Quota {
  return { maxBytes, maxVersions: NO_LIMIT }
}

type DefaultsOfQuotas = Pick<Settings, 'storage_per_project'>
