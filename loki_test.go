package strata_test

import "strings"

// lokiGraph is the module graph of Grafana Loki, a real service of 51 modules: a
// module a line, with what it depends on. One that only stands on the right
// depends on nothing.
const lokiGraph = `
Ring: RuntimeConfig, Server, MemberlistKV
Analytics:
Overrides: RuntimeConfig
OverridesExporter: Overrides, Server, UIRing
TenantConfigs: RuntimeConfig
UI: Server, MemberlistKV, UIRing
UIRing: Server, MemberlistKV
Distributor: Ring, Server, Overrides, TenantConfigs, PatternRingClient, PatternIngesterTee, Analytics, PartitionRing, DataObjConsumerRing, DataObjConsumerPartitionRing, IngestLimitsFrontendRing, UIRing
IngestLimitsRing: RuntimeConfig, Server, MemberlistKV
IngestLimits: MemberlistKV, Overrides, Server
IngestLimitsFrontend: IngestLimitsRing, Overrides, Server, MemberlistKV
IngestLimitsFrontendRing: RuntimeConfig, Server, MemberlistKV
Store: Overrides, IndexGatewayRing
Ingester: Store, Server, MemberlistKV, TenantConfigs, Analytics, PartitionRing, UIRing
Querier: Store, Ring, Server, IngesterQuerier, PatternRingClient, Overrides, Analytics, CacheGenerationLoader, QuerySchedulerRing, UIRing
QueryFrontendTripperware: Server, Overrides, TenantConfigs
QueryFrontend: QueryFrontendTripperware, Analytics, CacheGenerationLoader, QuerySchedulerRing, UIRing
QueryScheduler: Server, Overrides, MemberlistKV, Analytics, QuerySchedulerRing, UIRing
QueryEngine: QueryEngineScheduler
QueryEngineWorker: Server, Overrides, TenantConfigs, Analytics
QueryEngineScheduler: Server, Overrides, TenantConfigs, Analytics
Ruler: Ring, Server, RulerStorage, RuleEvaluator, Overrides, TenantConfigs, Analytics, UIRing
RuleEvaluator: Ring, Server, Store, IngesterQuerier, Overrides, TenantConfigs, Analytics
Compactor: Server, Overrides, MemberlistKV, Analytics, UIRing
IndexGateway: Server, Store, BloomStore, IndexGatewayRing, IndexGatewayInterceptors, Analytics, UIRing
BloomGateway: Server, BloomStore, Analytics, UIRing
BloomPlanner: Server, BloomStore, Analytics, Store, UIRing
BloomBuilder: Server, BloomStore, Analytics, Store, UIRing
BloomStore: IndexGatewayRing, BloomGatewayClient
PatternRingClient: Server, MemberlistKV, Analytics
PatternIngesterTee: Server, Overrides, MemberlistKV, Analytics, PatternRingClient
PatternIngester: Server, MemberlistKV, Analytics, PatternRingClient, PatternIngesterTee, Overrides, UIRing
IngesterQuerier: Ring, PartitionRing, Overrides
QuerySchedulerRing: Overrides, MemberlistKV
IndexGatewayRing: Overrides, MemberlistKV
PartitionRing: MemberlistKV, Server, Ring
MemberlistKV: Server
DataObjExplorer: Server, UIRing
DataObjConsumerRing: RuntimeConfig, Server, MemberlistKV
DataObjConsumerPartitionRing: MemberlistKV, Server, Ring
DataObjConsumer: MemberlistKV, ScratchStore, PartitionRing, Server, UI
DataObjIndexBuilder: ScratchStore, Server, UIRing
DataObjCompactionPlanner: Server, UIRing
ScratchStore:
RateService: Server
`

// lokiModules returns, for each module of Loki, what it depends on directly.
func lokiModules() map[string][]string {
	modules := make(map[string][]string)
	for line := range strings.Lines(lokiGraph) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		modules[name] = nil
		for d := range strings.SplitSeq(list, ",") {
			if d = strings.TrimSpace(d); d != "" {
				modules[name] = append(modules[name], d)
				if _, known := modules[d]; !known {
					modules[d] = nil
				}
			}
		}
	}
	return modules
}
