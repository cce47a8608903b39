import assert from "node:assert/strict";
import { test } from "node:test";
import { sha512Crypt } from "./sha512-crypt.ts";

test("passwords are hashed as the specification's own examples are", () => {
  // "Unix crypt using SHA-256 and SHA-512", test vectors with the default number of rounds.
  assert.equal(
    sha512Crypt("Hello world!", "saltstring"),
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
  );
});

test("lengths around a digest's, other scripts and long salts are hashed as openssl passwd -6 does", () => {
  assert.equal(
    sha512Crypt("a".repeat(100), "salt"),
    "$6$salt$VKPO30VzlSXysq0jwlCnN08VD7.f3Oz17MQRKnK01enn62QztXJ6vPMF82YJmrLAPGuAUz99gLav997e.YBd70",
  );
  assert.equal(
    sha512Crypt("käse", "abcdefghijklmnopqrst"),
    "$6$abcdefghijklmnop$xnvKSQcA2Y3An4.Cqdr0O/i9CQKu28/Ugjq3OkJyNCwC98PbpUm2Adyt8h/.mI3gly1kHa3uoUTwizKaG5RdR/",
  );
});
