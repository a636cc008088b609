/** Names of `unkey-ts` for those of `@unkey/api`. */

/** Classes that mean the same in both. */
export const sameClasses: ReadonlySet<string> = new Set([
  'Unkey',
  'UnkeyCore',
  'BadRequestErrorResponse',
  'UnauthorizedErrorResponse',
  'ForbiddenErrorResponse',
  'NotFoundErrorResponse',
  'ConflictErrorResponse',
  'GoneErrorResponse',
  'PreconditionFailedErrorResponse',
  'UnprocessableEntityErrorResponse',
  'TooManyRequestsErrorResponse',
  'InternalServerErrorResponse',
  'ServiceUnavailableErrorResponse',
]);

/** Types → names of `unkey-ts`. */
const types: Readonly<Record<string, string>> = {
  SDKOptions: 'ClientOptions',
  KeyResponseData: 'Key',
  VerifyKeyRatelimitData: 'AppliedRatelimit',
  RatelimitResponse: 'Ratelimit',
  RatelimitOverride: 'RatelimitOverride',
  Identity: 'Identity',
  Permission: 'Permission',
  Role: 'Role',
  Meta: 'Meta',
  Pagination: 'Pagination',
};

/** Tables of values → their types here. Their members become texts. */
export const valueTables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Code: {
    Valid: 'VALID',
    NotFound: 'NOT_FOUND',
    Forbidden: 'FORBIDDEN',
    InsufficientPermissions: 'INSUFFICIENT_PERMISSIONS',
    UsageExceeded: 'USAGE_EXCEEDED',
    RateLimited: 'RATE_LIMITED',
    Disabled: 'DISABLED',
    Expired: 'EXPIRED',
  },
  KeyCreditsRefillInterval: { Daily: 'daily', Monthly: 'monthly' },
  UpdateKeyCreditsRefillInterval: { Daily: 'daily', Monthly: 'monthly' },
  Operation: { Set: 'set', Increment: 'increment', Decrement: 'decrement' },
};

const ofOperation =
  /^V2(?:Apis|Identities|Keys|Permissions|Ratelimit)(?!List)(\w+?)(RequestBody|ResponseData)$/;

/** The type here; undefined if there is none that fits. */
export function ownType(name: string): string | undefined {
  const [, operation, part] = ofOperation.exec(name) ?? [];
  if (operation !== undefined) return `${operation}${part === 'RequestBody' ? 'Request' : 'Data'}`;
  return types[name] ?? (name === 'Code' ? 'VerificationCode' : undefined);
}

/** Whether values of the type come from the service. */
export function isResponseType(name: string): boolean {
  return !name.endsWith('RequestBody') && name !== 'SDKOptions';
}

/** Why a name has no counterpart that behaves the same. */
export function reasonFor(name: string): string {
  const [, reason] = reasons.find(([pattern]) => pattern.test(name)) ?? [];
  return reason ?? `unkey-ts has no ${name}.`;
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /^HTTPClient|^Fetcher$|Hook$/,
    'HTTPClient becomes the options fetch and hooks, whose functions take other arguments.',
  ],
  [
    /^(UnkeyError|APIError)$/,
    'UnkeyError here is also the class of errors without a response, and APIError of all with one.',
  ],
  [
    /^(HTTPClientError|ConnectionError|Request\w+Error|UnexpectedClientError|InvalidRequestError)$/,
    'Errors without a response have other classes and names: ConnectionError, TimeoutError, AbortError, ConfigurationError.',
  ],
  [
    /ValidationError$/,
    'Requests are checked by the service, and responses less strictly: catch BadRequestErrorResponse and ResponseValidationError.',
  ],
  [
    /^RetryConfig$|^BackoffStrategy$/,
    'The option retry has other members: initialIntervalMs, maxIntervalMs, exponent, maxElapsedMs, maxAttempts.',
  ],
  [/ResponseBody$|^V2\w+List\w+/, 'Responses are ResponseBody<Data> and pages are Page<Item>.'],
];
