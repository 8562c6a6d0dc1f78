import { readFileSync } from "node:fs";
import { diffSides } from "./dist/review/diff/diff-sides.js";
const t0=performance.now();
const node=(f)=>({name:"node1",mode:"iptables",texts:{iptables:[{file:f,text:readFileSync(f,"latin1")}],ip6tables:[],ipset:[],ipvs:[],serviceAddresses:[]},world:{nodeAddresses:["192.0.2.10"],podRanges:[]},services:new Map(),endpoints:new Map(),podRangesOf:new Map()});
const side=(f)=>({label:{name:f,mode:"iptables"},nodes:[node(f)],assumptions:[]});
const b=side(process.argv[2]),h=side(process.argv[3]); const t1=performance.now();
const d=diffSides(b,h); const t2=performance.now();
for(const c of d.changes.slice(0,5))console.log(c.severity,c.service,c.vip,c.headline);
console.log(d.changes.length, d.rules.map(({chains,...r})=>r), "read",t1-t0,"diff",t2-t1, "rss MB", process.resourceUsage().maxRSS/1024);
