import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.SupportsBulkOperations;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.types.Types;

/**
 * A walk over the files of tables by Iceberg's own Java client, with nothing but what the catalog
 * says of their store: a table that is there and one that is announced first, files written, read,
 * listed, removed one by one and together.
 *
 * <p>Arguments: URI, warehouse, the wanted access delegation. Prints one line per step.
 */
public class StorageWalk {
  private static final Schema SCHEMA =
      new Schema(Types.NestedField.required(1, "id", Types.LongType.get()));

  public static void main(String[] args) throws Exception {
    try (RESTCatalog catalog = new RESTCatalog()) {
      catalog.initialize(
          "walk",
          Map.of(
              "uri", args[0],
              "warehouse", args[1],
              "io-impl", "org.apache.iceberg.aws.s3.S3FileIO",
              "header.X-Iceberg-Access-Delegation", args[2]));
      Namespace namespace = Namespace.of("java");
      if (!catalog.namespaceExists(namespace)) {
        catalog.createNamespace(namespace);
      }

      TableIdentifier name = TableIdentifier.of(namespace, "walked");
      Table table = catalog.createTable(name, SCHEMA);
      append(table, "one");
      append(table, "two");
      System.out.println("files " + count(catalog.loadTable(name)));
      removeSome(table);
      catalog.dropTable(name, true);

      TableIdentifier announced = TableIdentifier.of(namespace, "announced");
      Transaction create =
          catalog.newCreateTableTransaction(announced, SCHEMA, PartitionSpec.unpartitioned());
      append(create.table(), "first");
      create.commitTransaction();
      System.out.println("announced " + count(catalog.loadTable(announced)));
      catalog.dropTable(announced, true);
    }
  }

  private static String write(FileIO io, String location) throws Exception {
    try (OutputStream out = io.newOutputFile(location).create()) {
      out.write(new byte[] {1, 2, 3});
    }
    try (InputStream in = io.newInputFile(location).newStream()) {
      if (in.readAllBytes().length != 3) {
        throw new IllegalStateException("not read as written: " + location);
      }
    }
    return location;
  }

  private static void append(Table table, String name) throws Exception {
    String location = write(table.io(), table.location() + "/data/p=a%2Fb/" + name + " ü.parquet");
    table
        .newAppend()
        .appendFile(
            DataFiles.builder(PartitionSpec.unpartitioned())
                .withPath(location)
                .withFormat(FileFormat.PARQUET)
                .withFileSizeInBytes(3)
                .withRecordCount(1)
                .build())
        .commit();
  }

  private static int count(Table table) throws Exception {
    int files = 0;
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks) {
        files += 1;
      }
    }
    return files;
  }

  private static void removeSome(Table table) throws Exception {
    FileIO io = table.io();
    String folder = table.location() + "/litter/";
    List<String> litter = new ArrayList<>();
    for (int n = 0; n < 5; n += 1) {
      litter.add(write(io, folder + n));
    }
    io.deleteFile(litter.remove(0));
    System.out.println("listed " + listed(io, folder));
    ((SupportsBulkOperations) io).deleteFiles(litter);
    System.out.println("left " + listed(io, folder));
  }

  private static int listed(FileIO io, String prefix) {
    int files = 0;
    for (Object file : ((SupportsPrefixOperations) io).listPrefix(prefix)) {
      files += 1;
    }
    return files;
  }
}
