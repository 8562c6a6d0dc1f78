#!/usr/bin/env node
import { main } from "./main.ts";

// kubectl runs this for `kubectl portolan ...`: candidates, then the directive. 0: files are candidates as well.
process.argv.splice(2, 0, "__complete", "--");
await main("kubectl portolan");
process.stdout.write(":0\n");
