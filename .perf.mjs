import { readFileSync, writeFileSync, existsSync } from "node:fs";
import { compile } from "./dist/index.js";
const N=Number(process.argv[2]), E=10;
const objs=[{apiVersion:"v1",kind:"Node",metadata:{name:"node1"},status:{addresses:[{type:"InternalIP",address:"192.0.2.10"}]}}];
for(let i=0;i<N;i++){const ip=`10.96.${i>>8}.${i&255}`;
objs.push({apiVersion:"v1",kind:"Service",metadata:{name:`svc${i}`,namespace:"ns"},spec:{type:i%10?"ClusterIP":"NodePort",clusterIP:ip,ports:[{port:80,targetPort:8080,...(i%10?{}:{nodePort:30000+i/10})}]}});
objs.push({apiVersion:"discovery.k8s.io/v1",kind:"EndpointSlice",metadata:{name:`svc${i}-x`,namespace:"ns",labels:{"kubernetes.io/service-name":`svc${i}`}},addressType:"IPv4",endpoints:Array.from({length:E},(_,e)=>({addresses:[`10.${128+((i*E+e)>>16)}.${((i*E+e)>>8)&255}.${(i*E+e)&255}`],nodeName:"node1"})),ports:[{name:"",port:8080}]});}
const write=(f,o)=>{const {script,diagnostics}=compile(o,{node:"node1",proxyConfig:{apiVersion:"kubeproxy.config.k8s.io/v1alpha1",kind:"KubeProxyConfiguration",clusterCIDR:"10.128.0.0/9"}}); writeFileSync(f, script.steps.filter(s=>/^iptables\./.test(s.file??"")).map(s=>new TextDecoder().decode(s.stdin)).join(""));};
write("/tmp/base.save",objs);
const h=structuredClone(objs); h[1+2*5000%(2*N)+1].endpoints.pop(); h[2*77+2].endpoints=[]; h.splice(2*100+1,2);
write("/tmp/head.save",h);
