import type { ErrorCode, Issue } from '@unkey-ts/contract';

/** An expected failure, as a value that becomes the error response. */
export class Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly issues: readonly Issue[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    detail: string,
    issues: readonly Issue[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.code = code;
    this.detail = detail;
    this.issues = issues;
    this.headers = headers;
  }
}

export function refuse(code: ErrorCode, detail: string): Refusal {
  return new Refusal(code, detail);
}

/** 400 that names one location of the body. */
export function refuseInput(location: string, message: string): Refusal {
  return new Refusal('unkey/application/invalid_input', `${location} ${message}`, [{ location, message }]);
}

/** The detail of a 404: always the same sentence, so that a masked resource and a missing one look alike. */
const absentDetails: Partial<Record<ErrorCode, string>> = {
  'unkey/data/api_not_found': 'The API does not exist or has been deleted.',
  'unkey/data/identity_not_found': 'The identity does not exist.',
  'unkey/data/key_not_found': 'The key does not exist or has been deleted.',
  'unkey/data/migration_not_found': 'The migration does not exist.',
  'unkey/data/permission_not_found': 'The permission does not exist.',
  'unkey/data/ratelimit_namespace_not_found': 'The namespace does not exist.',
  'unkey/data/ratelimit_override_not_found': 'The override does not exist.',
  'unkey/data/role_not_found': 'The role does not exist.',
};

export function refuseAbsent(code: ErrorCode): Refusal {
  return new Refusal(code, absentDetails[code] ?? 'It does not exist.');
}
