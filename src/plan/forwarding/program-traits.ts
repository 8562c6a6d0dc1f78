/** What programs decide differently for the same state. Input of the plan, so that what a plan says is final. */
export interface ProgramTraits {
  /** Policy Local without an endpoint here: those of the cluster take the traffic, where the plan has them. */
  readonly localPolicyFallsBack: boolean;
  /** With externalTrafficPolicy Local, pods and the node itself go to the cluster's endpoints. */
  readonly shortCircuitsLocal: boolean;
  /** Node ports can answer on 127.0.0.1. */
  readonly nodePortsOnLoopback: boolean;
  /** Where no address of the host serves node ports, a service port with one gets no health check port either. */
  readonly healthCheckNeedsNodePort: boolean;
  /** An address, port and protocol belongs to the first service port that names it, in name order. */
  readonly exclusiveDestinations: boolean;
  /** Clients stay at their endpoint for all addresses of a service port, or for each address apart. */
  readonly affinityScope: "service-port" | "address";
  /** Packets to a service address and a port that no service port has. */
  readonly unknownPortOfVip: "passed-on" | "rejected";
  /** A new connection goes to an endpoint by chance, or by the scheduler of the configuration. */
  readonly balancing: "chance" | "scheduler";
  /** Rules of endpoints carry comments, but for clusters of more than 1,000 endpoints. */
  readonly endpointComments: boolean;
}
