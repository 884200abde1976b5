package lakekeeper.ingest.tests;

import org.apache.iceberg.rest.RESTCompatibilityKitCatalogTests;
import org.junit.jupiter.api.Test;

/**
 * The tests of the kit that it leaves out for capabilities which no property of its own switches on, but which the
 * served catalog has: nested namespaces, names with slashes, and a location of its own for each table. The kit
 * offers these methods to be overridden; the tests are its own.
 */
public class ServedCatalogTests extends RESTCompatibilityKitCatalogTests {
  @Override
  protected boolean supportsNestedNamespaces() {
    return true;
  }

  @Override
  protected boolean supportsNamesWithSlashes() {
    return true;
  }

  /** Disabled in the kit since its own server needs another setting for this one; the served catalog needs none. */
  @Test
  @Override
  public void createTableInUniqueLocation() {
    super.createTableInUniqueLocation();
  }
}
