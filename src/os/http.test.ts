import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "./files.ts";
import { download, downloadToFile } from "./http.ts";

async function withServer(answer: RequestListener, check: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await check(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function withDirectory(check: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "http-"));
  try {
    await check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("a body is downloaded, with progress and redirects", async () => {
  const answer: RequestListener = (request, response) => {
    if (request.url === "/old") response.writeHead(302, { location: "/new" }).end();
    else response.writeHead(200, { "content-length": 5 }).end("hello");
  };
  await withServer(answer, async (url) => {
    const seen: unknown[] = [];
    const body = await download(`${url}/old`, { onProgress: (...progress) => seen.push(progress) });
    assert.equal(body.toString(), "hello");
    assert.deepEqual(seen.at(-1), [5, 5]);
  });
});

test("a failing server is tried three times", async () => {
  let tries = 0;
  const answer: RequestListener = (_, response) => {
    tries++;
    response.writeHead(tries < 3 ? 503 : 200).end("at last");
  };
  await withServer(answer, async (url) => {
    assert.equal((await download(url, { retryDelay: 1 })).toString(), "at last");
  });
  assert.equal(tries, 3);
});

test("a server that keeps failing is an error with its answer", async () => {
  await withServer(
    (_, response) => response.writeHead(500).end(),
    async (url) => {
      await assert.rejects(download(`${url}/x`, { retryDelay: 1 }), {
        code: "download-failed",
        message: `Cannot download "${url}/x": the server answered 500 Internal Server Error`,
        hint: "Try again later, or use another mirror",
      });
    },
  );
});

test("a file that is not there is not tried again", async () => {
  let tries = 0;
  const answer: RequestListener = (_, response) => {
    tries++;
    response.writeHead(404).end();
  };
  await withServer(answer, async (url) => {
    await assert.rejects(download(`${url}/x`, { retryDelay: 1 }), {
      code: "download-failed",
      message: `Cannot download "${url}/x": the server answered 404 Not Found`,
    });
  });
  assert.equal(tries, 1);
});

test("a closed port is an unreachable mirror", async () => {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(download(`http://127.0.0.1:${port}/x`, { retryDelay: 1 }), {
    code: "mirror-unreachable",
    message: `Cannot reach "http://127.0.0.1:${port}/x": connect ECONNREFUSED 127.0.0.1:${port}`,
    hint: "Check the network and the address of the mirror",
  });
});

test("a connection that breaks is tried again", async () => {
  let tries = 0;
  const answer: RequestListener = (_, response) => {
    response.writeHead(200, { "content-length": 10 });
    if (++tries === 1) response.write("half", () => response.destroy());
    else response.end("0123456789");
  };
  await withServer(answer, async (url) => {
    assert.equal((await download(url, { retryDelay: 1 })).toString(), "0123456789");
  });
});

test("a wrong checksum or size is an error and leaves no file", async () => {
  await withDirectory(async (directory) => {
    writeFileSync(join(directory, "from"), "content");
    const url = pathToFileURL(join(directory, "from")).href;
    const to = join(directory, "to");
    await assert.rejects(downloadToFile(url, to, { sha256: sha256("other"), size: 7 }), {
      code: "checksum-mismatch",
      message: `Wrong checksum of "${url}": expected ${sha256("other")}, found ${sha256("content")}`,
    });
    await assert.rejects(downloadToFile(url, to, { size: 6 }), {
      message: `Wrong size of "${url}": expected 6 bytes, found more`,
    });
    await assert.rejects(downloadToFile(url, to, { size: 8 }), {
      message: `Wrong size of "${url}": expected 8 bytes, found 7`,
    });
    assert.ok(!existsSync(to));
    await downloadToFile(url, to, { sha256: sha256("content"), size: 7 });
    assert.equal(readFileSync(to, "utf8"), "content");
  });
});

test("a local file that is not there is an error", async () => {
  await assert.rejects(download("file:///nowhere/x"), {
    code: "download-failed",
    message: 'Cannot download "file:///nowhere/x": there is no such file',
  });
});

/** What a server that answers like this makes of a download. */
async function outcome(answer: RequestListener, options: Parameters<typeof download>[1] = {}) {
  let tries = 0;
  const error = await new Promise<{ code: string; message: string; hint: string }>((resolve, reject) => {
    withServer(
      (request, response) => {
        tries++;
        answer(request, response);
      },
      async (url) => {
        const thrown = await download(`${url}/x`, { retryDelay: 1, ...options }).then(
          (body) => ({ code: "none", message: body.toString(), hint: "" }),
          (one) => one,
        );
        resolve({ code: thrown.code, message: thrown.message.replaceAll(url, "URL"), hint: thrown.hint });
      },
    ).catch(reject);
  });
  return { ...error, tries };
}

test("a redirect in a loop ends", async () => {
  const { code, message } = await outcome((_, response) => response.writeHead(302, { location: "/x" }).end());
  assert.deepEqual(
    [code, message],
    ["download-failed", 'Cannot download "URL/x": it redirects more than 5 times'],
  );
});

test("a redirect to a file of this machine or to another scheme is not followed", async () => {
  for (const location of ["file:///etc/passwd", "ftp://HOST/x", "data:,x"]) {
    const { code, message, tries } = await outcome((_, response) =>
      response.writeHead(302, { location }).end(),
    );
    assert.equal(code, "download-failed");
    const shown = new URL(location).href;
    assert.equal(
      message,
      `Cannot download "URL/x": it redirects to "${shown}", which is no http or https address`,
    );
    assert.equal(tries, 1);
  }
});

test("a server that falls silent, before its answer or within it, counts as dead", async () => {
  const silences: readonly RequestListener[] = [
    () => {},
    (_, response) => void response.writeHead(200, { "content-length": 10 }).write("half"),
  ];
  for (const silence of silences) {
    const { code, message, tries } = await outcome(silence, { silenceLimit: 50 });
    assert.deepEqual(
      [code, message, tries],
      ["mirror-unreachable", 'Cannot reach "URL/x": no data for 0.05 seconds', 3],
    );
  }
});

test("a connection that is reset is tried again, three times", async () => {
  const { code, tries } = await outcome((request) => request.socket.resetAndDestroy());
  assert.deepEqual([code, tries], ["mirror-unreachable", 3]);
});

test("an answer that is cut without a word is tried again; one that is too long is not", async () => {
  const expected = { size: 10, sha256: sha256("0123456789") };
  let isFirst = true;
  const cut = await outcome(
    (_, response) => {
      response.writeHead(200, { connection: "close" });
      response.end(isFirst ? "01234" : "0123456789");
      isFirst = false;
    },
    { expected },
  );
  assert.deepEqual([cut.code, cut.message, cut.tries], ["none", "0123456789", 2]);
  const long = await outcome((_, response) => response.end("0123456789+"), { expected });
  assert.deepEqual(
    [long.code, long.message, long.tries],
    ["checksum-mismatch", 'Wrong size of "URL/x": expected 10 bytes, found more', 1],
  );
});

test("an answer without end is cut off at what its kind may have", async () => {
  const { code, message } = await outcome(
    (_, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
    },
    { expected: { maxSize: 1_000_000 } },
  );
  assert.deepEqual(
    [code, message],
    [
      "download-failed",
      'Cannot download "URL/x": it has more than 1000000 bytes, which nothing of its kind has',
    ],
  );
});
