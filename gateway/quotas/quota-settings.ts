/** What system admins decide of all quotas, by Harbor's names of it. */
export interface QuotaSettings {
  /** Whether quotas are kept to at all. */
  quota_per_project_enable: boolean
  /** Bytes that a new project may hold; -1: no limit. */
  storage_per_project: number
}

export type ReadQuotaSettings = () => Promise<QuotaSettings>

/** Where nobody has decided anything. */
export const readDefaultQuotaSettings: ReadQuotaSettings = async () => ({
  quota_per_project_enable: true,
  storage_per_project: -1,
})
