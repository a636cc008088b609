import { openapi } from '@unkey-ts/contract';

/** The OpenAPI document of this service as text. */
export interface ApiDocument {
  json(): string;
  yaml(): Promise<string>;
}

/** Both texts are made at the first request and cached: making the document takes longer than the whole start. */
export function apiDocument(version: string): ApiDocument {
  let json: string | undefined;
  let yaml: Promise<string> | undefined;
  return {
    json() {
      json ??= JSON.stringify(openapi(version));
      return json;
    },
    yaml() {
      yaml ??= writeYaml(openapi(version)).catch((error) => {
        // The next request tries again.
        yaml = undefined;
        throw error;
      });
      return yaml;
    },
  };
}

async function writeYaml(document: object): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(document, { aliasDuplicateObjects: false });
}
