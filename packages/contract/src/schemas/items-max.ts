/** The most items of a list that has no smaller maximum: keys or slugs of a request, permissions or roles of a key, overrides of a namespace. */
export const itemsMax = 10_000;
