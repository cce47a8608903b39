/** The example with a web server and a database, as the host sees it, twice: what is on its volume lasts, and nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleCopy, freePort, startMicrovm } from "./support.ts";

test("visits are counted in the database, from one start to the next", async () => {
  const port = await freePort();
  // One processor costs less where both would be emulated.
  const changes = { "port: 8080": `port: ${port}`, "vcpu: 2": "vcpu: 1" };
  const directory = exampleCopy("web-and-database", changes);
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const untilVisited = (times: number) => `
    systemctl is-system-running --wait; systemctl list-units --failed --no-legend
    echo "data: $(findmnt -no FSTYPE /var/lib/postgresql) $(stat -c '%U %a' /var/lib/postgresql/data)"
    ls /etc/of-our-own 2>/dev/null; touch /etc/of-our-own
    until [ "$(systemctl show --value -p NAccepted -p NConnections visits.socket | xargs)" = '0 ${times}' ]; do sleep 1; done
    echo "rows: $(runuser -u postgres -- psql -Atc 'SELECT count(*) FROM visits' visits)"
  `;
  for (const visits of [[1, 2], [3]]) {
    const machine = startMicrovm(["run", directory, "--exec", untilVisited(visits.length)]);
    await machine.until(/^data: ext4 postgres 700$/m);
    assert.match(machine.output(), /^running$/m);
    assert.match(await ask("/"), /<h1>Hello from guestbook<\/h1>/);
    for (const visit of visits) assert.equal(await ask("/visits"), `Visit number ${visit}\n`);
    assert.equal(await machine.exited, 0, machine.output());
    assert.match(machine.output(), new RegExp(`^rows: ${visits.at(-1)}$`, "m"));
    assert.doesNotMatch(machine.output(), /of-our-own/);
  }
});
