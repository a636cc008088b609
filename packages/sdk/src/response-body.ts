/** Information about a response. */
export interface Meta {
  /** Id of the request: the service's log has it, and support asks for it. */
  requestId: string;
}

/** The body of a successful response, as it was received: it can have members that this version does not know. */
export interface ResponseBody<Data> {
  meta: Meta;
  data: Data;
}

/** Where a list continues. */
export interface Pagination {
  /** Whether there is another page. */
  hasMore: boolean;
  /** The value of `cursor` in the request for the next page. */
  cursor?: string;
}

/** The body of a response with one page of a list, as it was received. */
export interface PageBody<Item> extends ResponseBody<Item[]> {
  pagination: Pagination;
}
