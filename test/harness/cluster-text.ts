/** A node, a Service and its EndpointSlice: the smallest cluster with rules. */
export const node = `apiVersion: v1
kind: Node
metadata:
  name: node1
status:
  addresses:
  - {type: InternalIP, address: 192.0.2.10}
`;

export const service = `apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  type: NodePort
  clusterIP: 10.96.0.10
  ports:
  - port: 80
    nodePort: 30080
`;

export const slice = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-x1
  namespace: shop
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
endpoints:
- addresses: [10.0.1.5]
  nodeName: node1
ports:
- port: 8080
`;

export const cluster = [node, service, slice].join("---\n");

/** The text with one piece replaced; the piece must be there. */
export function replaced(text: string, old: string, by: string): string {
  if (!text.includes(old)) throw new Error(`${old} is not in the text`);
  return text.replace(old, () => by);
}
