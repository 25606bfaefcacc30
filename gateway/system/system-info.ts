import type { Principal } from '../auth/principal.ts'

/** The Harbor that clients may take us for: the last one with charts. Terraform and harbor-cli compare it. */
const HARBOR_VERSION = 'v2.7.4-chartgate'

/** What `/systeminfo` tells everybody, and what it tells whoever has signed in. */
export function describeSystem(principal: Principal, externalUrl: string): object {
  const forAll = {
    auth_mode: 'db_auth',
    primary_auth_mode: false,
    self_registration: false,
    harbor_version: HARBOR_VERSION,
    banner_message: '',
    oidc_provider_name: '',
  }
  if (principal.kind === 'anonymous') return forAll
  return {
    ...forAll,
    with_chartmuseum: true,
    with_notary: false,
    registry_url: externalUrl.replace(/^https?:\/\//, ''),
    external_url: externalUrl,
    project_creation_restriction: 'everyone',
    has_ca_root: false,
    registry_storage_provider_name: 'filesystem',
    read_only: false,
    notification_enable: false,
    current_time: new Date().toISOString(),
  }
}
