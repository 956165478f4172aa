import { describe, expect, it } from "vitest";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../../stacks/functions.ts";
import { GRANTS } from "../../stacks/grants.ts";
import { logicalName } from "../../stacks/naming.ts";
import { type Both, lambdaOf } from "./lookup.ts";
import { at, list, statements, text, within } from "./template.ts";

const NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** What the roles of functions may do. */
export function permissions(both: Both): void {
  describe("permissions", () => {
    it("name no wildcard action, and no wildcard resource but where AWS knows no other", () => {
      const all = [...statements(both().stage), ...statements(both().production)];
      expect(all.flatMap(({ actions }) => actions).filter((action) => action.includes("*"))).toEqual([]);
      const everywhere = all
        .filter(({ resources }) => resources.includes("*"))
        .flatMap(({ actions }) => actions);
      expect(new Set(everywhere)).toEqual(
        new Set(["xray:PutTraceSegments", "xray:PutTelemetryRecords", "dynamodb:ListStreams"]),
      );
      const partly = all.filter(({ resources }) => resources.some((one) => one !== "*" && one.includes("*")));
      expect(partly.length).toBeGreaterThan(0);
      for (const { actions, resources } of partly) {
        if (actions[0] === "s3:PutObject")
          for (const one of resources) expect(one).toMatch(/\/aws\/lambda\/\*$/);
        else {
          expect(actions).toEqual(["execute-api:ManageConnections"]);
          for (const one of resources) expect(one).toMatch(/\}\/ws\/(POST|DELETE)\/@connections\/\*$/);
        }
      }
    });

    it.each(NAMES)("of %s are its grants", (name) => {
      const role = text(at(lambdaOf(both().stage, name), "Role")).replace(/^\{(.*)\.Arn\}$/, "{$1}");
      const held = statements(both().stage).filter((one) => one.role === role);
      const onTables = held.flatMap(({ actions, resources }) =>
        resources.flatMap((resource) => {
          const target = /:table\/arx-test-([\w-]+)(?:\/index\/([\w-]+))?$/.exec(resource);
          return target
            ? actions.map((action) => `${target[1]}${target[2] ? `/${target[2]}` : ""} ${action}`)
            : [];
        }),
      );
      const granted = Object.entries(GRANTS[name].tables).flatMap(([table, actions]) =>
        actions.map((action) => `${table} dynamodb:${action}`),
      );
      expect(onTables.sort()).toEqual(granted.sort());
      const elsewhere = new Set(
        held.flatMap(({ actions }) => actions).filter((one) => !/^(dynamodb|xray|logs):/.test(one)),
      );
      const sends = GRANTS[name].sends ? ["sqs:SendMessage"] : [];
      const seals = GRANTS[name].seals ? ["kms:GenerateDataKey"] : [];
      const opens = GRANTS[name].opens ? ["kms:Decrypt"] : [];
      const pushes = GRANTS[name].pushes ? ["execute-api:ManageConnections"] : [];
      expect([...elsewhere].filter((one) => !triggers(name).includes(one)).sort()).toEqual(
        [...sends, ...seals, ...opens, ...pushes].sort(),
      );
      const sockets = held
        .filter(({ actions }) => actions.includes("execute-api:ManageConnections"))
        .flatMap(({ resources }) =>
          resources.map((one) => one.replace(/^.*\/ws\/(\w+)\/@connections\/\*$/, "$1")),
        );
      expect(sockets.sort()).toEqual([...(GRANTS[name].pushes ?? [])].sort());
    });

    it.each(NAMES)(
      "of %s let it send to its grants' queues, and put off messages of its own alone",
      (name) => {
        const { sends = [], delays = [] } = GRANTS[name];
        const role = text(at(lambdaOf(both().stage, name), "Role")).replace(/^\{(.*)\.Arn\}$/, "{$1}");
        const sent = statements(both().stage)
          .filter((one) => one.role === role && one.actions.includes("sqs:SendMessage"))
          .flatMap(({ resources }) => resources.map((one) => one.replace(/^\{(.*)Queue\w{8}\.Arn\}$/, "$1")));
        expect(sent.sort()).toEqual(sends.map((queue) => logicalName(queue)).sort());
        const spec: FunctionSpec = FUNCTIONS[name];
        expect(spec.kind === "queue" ? [spec.queue] : []).toEqual(expect.arrayContaining([...delays]));
      },
    );

    it("let the sealing key be used by who seals, for what it seals, and only auth open the keys that sign tokens", () => {
      const [key] = both().stage.of("AWS::KMS::Alias");
      const target = text(at(key!, "TargetKeyId")).replace(/^\{(.*)\.Arn\}$/, "$1");
      const signers = new Set<string>();
      for (const name of NAMES) {
        const role = text(at(lambdaOf(both().stage, name), "Role")).replace(/^\{(.*)\.Arn\}$/, "{$1}");
        const held = statements(both().stage).filter(
          (one) => one.role === role && one.actions.some((action) => action.startsWith("kms:")),
        );
        const said = held.map(({ actions, resources, conditions }) => {
          expect(resources.join(), name).toContain(target);
          const wanted = within(conditions, "StringLike") as Record<string, string>;
          const under = Object.fromEntries(
            Object.entries(wanted).map(([word, value]) => [
              word.replace("kms:EncryptionContext:", ""),
              value,
            ]),
          );
          expect(list(within(conditions, "ForAllValues:StringEquals", "kms:EncryptionContextKeys"))).toEqual(
            Object.keys(under),
          );
          if (under.purpose === "access-token-signing") signers.add(name);
          return [actions.join(), under] as const;
        });
        const { seals = [], opens = [] } = GRANTS[name];
        expect(said, name).toEqual([
          ...seals.map((under) => ["kms:GenerateDataKey", under]),
          ...opens.map((under) => ["kms:Decrypt", under]),
        ]);
        const environment = at(lambdaOf(both().stage, name), "Environment", "Variables", "ARX_SEALING_KEY");
        expect(environment !== undefined, name).toBe(held.length > 0);
      }
      expect(signers).toEqual(new Set(["auth"]));
    });

    it("have one role a function", () => {
      const roles = NAMES.map((name) => text(at(lambdaOf(both().stage, name), "Role")));
      expect(new Set(roles).size).toBe(NAMES.length);
      const ready = both()
        .stage.of("AWS::IAM::Role")
        .filter((role) => at(role, "ManagedPolicyArns") !== undefined);
      expect(ready.map(({ id }) => id)).toEqual([expect.stringMatching(/^GatewayLogsRole/)]);
    });

    /** What Lambda itself does in a function's name, to feed it and to put aside what failed. */
    function triggers(name: FunctionName): string[] {
      const { kind } = FUNCTIONS[name];
      if (kind === "stream") return ["s3:PutObject", "s3:ListBucket"];
      if (kind !== "queue") return [];
      return [
        "ReceiveMessage",
        "ChangeMessageVisibility",
        "GetQueueUrl",
        "DeleteMessage",
        "GetQueueAttributes",
      ].map((one) => `sqs:${one}`);
    }
  });
}
