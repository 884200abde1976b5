/**
 * A door before a server through which its connections pass byte by byte, so that one can be closed
 * without an answer: a server of the runtime always answers something. It stands only where a fault
 * asks for that.
 */

/** A door that is open. */
export interface FrontDoor {
  /** Where clients come in. */
  readonly addr: Deno.NetAddr;
  /** Closes the client's end of a connection that the server knows by its remote port. */
  cut(remotePort: number): void;
  /** Takes no more connections; those there are go on. */
  stop(): void;
  /** Closes everything and waits until it is closed. */
  close(): Promise<void>;
}

/** Opens a door before the server that listens at `target`. */
export function openFrontDoor(
  listener: Deno.Listener<Deno.Conn<Deno.NetAddr>>,
  target: Deno.NetAddr,
): FrontDoor {
  const { hostname, port } = target;
  const ends = new Map<number, () => void>();
  const carried = new Set<Promise<void>>();
  let isStopped = false;
  const carry = async (client: Deno.Conn) => {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({ hostname, port });
    } catch {
      closeQuietly(client);
      return;
    }
    const { port: ownPort } = server.localAddr;
    const end = () => {
      closeQuietly(client);
      closeQuietly(server);
    };
    ends.set(ownPort, end);
    try {
      await Promise.all([pump(client, server), pump(server, client).finally(end)]);
    } finally {
      end();
      ends.delete(ownPort);
    }
  };
  const accepting = (async () => {
    for await (const client of listener) {
      const one: Promise<void> = carry(client).catch(() => {}).finally(() => carried.delete(one));
      carried.add(one);
    }
  })();
  const stop = () => {
    if (!isStopped) listener.close();
    isStopped = true;
  };
  return {
    addr: listener.addr as Deno.NetAddr,
    cut: (remotePort) => ends.get(remotePort)?.(),
    stop,
    async close() {
      stop();
      for (const end of ends.values()) end();
      await Promise.all([accepting, ...carried]);
    },
  };
}

const BLOCK_BYTES = 64 * 1024;

/** Carries bytes until one end is closed; that the other is closed meanwhile is no failure. */
async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const block = new Uint8Array(BLOCK_BYTES);
  try {
    for (;;) {
      const count = await from.read(block);
      if (count === null) break;
      for (let at = 0; at < count;) at += await to.write(block.subarray(at, count));
    }
    await to.closeWrite();
  } catch {
    // A connection that has gone is what this is for.
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
