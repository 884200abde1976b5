/** How a table's files are reached: the properties of its store, and fresh ones when they run out. */
import { CatalogError } from "../errors.ts";
import {
  type CatalogClient,
  formatTableName,
  type LoadedTable,
  type TableName,
} from "./catalog.ts";
import { type StoreProperties, storeProperties } from "../store/credentials.ts";
import { type RefreshProperties, singleFlight } from "../store/refresh.ts";

/** What a table's store is opened with (REST spec, `LoadTableResult`, "Storage Credentials"). */
export interface TableStoreAccess {
  /** The catalog's, the table's and the storage credential's that fits, merged in this order. */
  readonly properties: StoreProperties;
  /**
   * Loads the table again for fresh credentials; calls at the same time share one request.
   *
   * @throws {CatalogError | AuthError} when the table is gone, another one stands in its place, or
   * the catalog does not give it.
   */
  readonly refresh: RefreshProperties;
}

/** The access to the store of a table that has been loaded. */
export function tableStoreAccess(
  catalog: CatalogClient,
  of: { readonly table: TableName; readonly loaded: LoadedTable },
): TableStoreAccess {
  const { table, loaded } = of;
  const propertiesOf = (access: LoadedTable) =>
    storeProperties(loaded.metadata.location, { catalog: catalog.config.properties, access });
  return {
    properties: propertiesOf(loaded),
    refresh: singleFlight(async () => {
      const now = await catalog.loadTable(table);
      if (now?.metadata["table-uuid"] !== loaded.metadata["table-uuid"]) {
        const why = now === undefined ? "it has been dropped" : "another one stands in its place";
        throw new CatalogError(
          `Cannot get fresh credentials for table "${formatTableName(table)}": ${why}`,
        );
      }
      return propertiesOf(now);
    }),
  };
}
