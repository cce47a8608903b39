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
