import { z } from 'zod'
import type { Principal } from '../auth/principal.ts'
import { type Settings, settingsModel } from '../settings/settings-model.ts'

/** The Harbor that clients may take us for: the last one with charts. Terraform and harbor-cli compare it. */
const HARBOR_VERSION = 'v2.7.4-chartgate'

const forAll = {
  auth_mode: z.enum(['db_auth']),
  primary_auth_mode: z.boolean(),
  self_registration: z.boolean(),
  harbor_version: z.string(),
  banner_message: z.string(),
  oidc_provider_name: z.string(),
}

const forSignedIn = {
  with_chartmuseum: z.boolean(),
  with_notary: z.boolean(),
  registry_url: z.string(),
  external_url: z.string(),
  project_creation_restriction: settingsModel.shape.project_creation_restriction,
  has_ca_root: z.boolean(),
  registry_storage_provider_name: z.string(),
  read_only: z.boolean(),
  notification_enable: z.boolean(),
  current_time: z.iso.datetime(),
}

export const systemModel = z
  .object({ ...forAll, ...z.object(forSignedIn).partial().shape })
  .meta({ id: 'SystemInfo' })

type SystemModel = z.output<typeof systemModel>

/** What `/systeminfo` tells everybody, and what it tells whoever has signed in. */
export function describeSystem(
  principal: Principal,
  settings: Settings,
  externalUrl: string,
): SystemModel {
  const common: SystemModel = {
    auth_mode: 'db_auth',
    primary_auth_mode: false,
    self_registration: settings.self_registration,
    harbor_version: HARBOR_VERSION,
    banner_message: settings.banner_message,
    oidc_provider_name: '',
  }
  if (principal.kind === 'anonymous') return common
  return {
    ...common,
    with_chartmuseum: true,
    with_notary: false,
    registry_url: externalUrl.replace(/^https?:\/\//, ''),
    external_url: externalUrl,
    project_creation_restriction: settings.project_creation_restriction,
    has_ca_root: false,
    registry_storage_provider_name: 'filesystem',
    read_only: settings.read_only,
    notification_enable: false,
    current_time: new Date().toISOString(),
  }
}
