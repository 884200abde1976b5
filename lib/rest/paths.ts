/** URLs of a catalog's resources (REST spec, paths; `prefix` and `namespace-separator` of its config). */

/** What of a session decides the URLs. */
export interface PathSettings {
  /** Base URI that the user gave. */
  readonly uri: string;
  /** Properties of the catalog's config, merged. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Builds the URLs of one catalog; namespaces and names may hold any character. */
export class CatalogPaths {
  readonly #baseUrl: string;
  readonly #separator: string;

  /** A `uri` among the properties takes the place of the one that the user gave. */
  constructor({ uri, properties }: PathSettings) {
    const base = (properties.uri ?? uri).replace(/\/+$/, "");
    const prefix = properties.prefix ?? "";
    // The prefix comes ready for a URL: Nessie's is already encoded.
    this.#baseUrl = prefix === "" ? `${base}/v1` : `${base}/v1/${prefix}`;
    // The separator comes URL-encoded from the catalog, and stands so in the path.
    this.#separator = properties["namespace-separator"] ?? "%1F";
  }

  /** All namespaces. */
  namespaces(): string {
    return `${this.#baseUrl}/namespaces`;
  }

  /** One namespace. */
  namespace(namespace: readonly string[]): string {
    return `${this.namespaces()}/${namespace.map(encodeURIComponent).join(this.#separator)}`;
  }

  /** The tables of a namespace. */
  tables(namespace: readonly string[]): string {
    return `${this.namespace(namespace)}/tables`;
  }

  /** One table. */
  table(table: { readonly namespace: readonly string[]; readonly name: string }): string {
    return `${this.tables(table.namespace)}/${encodeURIComponent(table.name)}`;
  }

  /** Commits to several tables at once. */
  transaction(): string {
    return `${this.#baseUrl}/transactions/commit`;
  }
}
