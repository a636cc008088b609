/** Types that belong to no operation. */

/** Information about a response. */
export type Meta = { requestId: string };

/** Where a list continues. */
export type Pagination = { cursor?: string | undefined; hasMore: boolean };

/** Details of an error. */
export type BaseError = { detail: string; status: number; title: string; type: string };

/** An invalid member of a request. */
export type ValidationError = { location: string; message: string; fix?: string | undefined };

/** Details of a 400. */
export type BadRequestErrorDetails = BaseError & { errors: Array<ValidationError> };

// biome-ignore lint/complexity/noBannedTypes: as in `@unkey/api`.
export type EmptyResponse = {};

export type V2RatelimitDeleteOverrideResponseData = EmptyResponse;

// biome-ignore lint/suspicious/noExplicitAny: programs for `@unkey/api` read its members without a check.
export type Metadata = { [name: string]: any };
