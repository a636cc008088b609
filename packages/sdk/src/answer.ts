/** What every answer says about itself. */
export interface Meta {
  /** Names the request: the service's log and its support know it by this. */
  requestId: string;
}

/** An answer of the service, as it came: members that this version does not know are there too. */
export interface Answer<Data> {
  meta: Meta;
  data: Data;
}

/** Where a list goes on. */
export interface Pagination {
  /** Whether there is another page. */
  hasMore: boolean;
  /** What the next request sends to get it. */
  cursor?: string;
}

/** One page of a list, as it came. */
export interface PageAnswer<Item> extends Answer<Item[]> {
  pagination: Pagination;
}
