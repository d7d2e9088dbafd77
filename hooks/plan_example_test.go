package hooks_test

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/strata-go/strata/hooks"
)

// Graphviz makes a picture of it: dot -Tsvg plan.dot >plan.svg
func ExamplePlan_WriteDOT() {
	if err := shopPlan().WriteDOT(os.Stdout); err != nil {
		fmt.Println(err)
	}

	// Output:
	// // An arrow leads from a unit to one that it waits for.
	// digraph plan {
	// 	rankdir=RL
	// 	newrank=true
	// 	ranksep=1
	// 	fontname="sans-serif"
	// 	node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"]
	// 	edge [color=gray40]
	// 	subgraph cluster_0 {
	// 		label="layer 0"
	// 		style=filled
	// 		color=gray92
	// 		rank=same
	// 		n0 [label="*store.Store", tooltip="store.Open (store.go:9)"]
	// 	}
	// 	subgraph cluster_1 {
	// 		label="layer 1"
	// 		style=filled
	// 		color=gray92
	// 		rank=same
	// 		n1 [label="*api.Server", tooltip="api.NewServer (api.go:12)"]
	// 	}
	// 	n1 -> n0
	// }
}

// In Markdown it stands in a block of the language mermaid.
func ExamplePlan_WriteMermaid() {
	if err := shopPlan().WriteMermaid(os.Stdout); err != nil {
		fmt.Println(err)
	}

	// Output:
	// %% An arrow leads from a unit to one that it waits for.
	// flowchart RL
	//     subgraph layer0["layer 0"]
	//         n0["#42;store.Store"]
	//     end
	//     subgraph layer1["layer 1"]
	//         n1["#42;api.Server"]
	//     end
	//     n1 --> n0
}

func ExamplePlan_MarshalJSON() {
	text, err := json.MarshalIndent(shopPlan(), "", "  ")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(string(text))

	// Output:
	// {
	//   "schedule": "by layer",
	//   "layers": [
	//     [
	//       {
	//         "name": "*store.Store",
	//         "type": "*store.Store",
	//         "constructor": "store.Open (store.go:9)",
	//         "depends_on": [],
	//         "dependents": [
	//           "*api.Server"
	//         ]
	//       }
	//     ],
	//     [
	//       {
	//         "name": "*api.Server",
	//         "type": "*api.Server",
	//         "constructor": "api.NewServer (api.go:12)",
	//         "depends_on": [
	//           "*store.Store"
	//         ],
	//         "dependents": []
	//       }
	//     ]
	//   ],
	//   "unused": [],
	//   "warnings": [],
	//   "chains": [
	//     {
	//       "unit": "*api.Server",
	//       "depends_on": "*store.Store",
	//       "links": [
	//         {
	//           "constructor": "api.NewServer (api.go:12)",
	//           "file": "/src/api/api.go",
	//           "line": 12,
	//           "takes": "*stock.Cache",
	//           "text": "api.NewServer (api.go:12) takes *stock.Cache"
	//         },
	//         {
	//           "constructor": "stock.NewCache (cache.go:7)",
	//           "file": "/src/stock/cache.go",
	//           "line": 7,
	//           "takes": "*store.Store",
	//           "text": "which stock.NewCache (cache.go:7) builds from *store.Store"
	//         },
	//         {
	//           "constructor": "store.Open (store.go:9)",
	//           "file": "/src/store/store.go",
	//           "line": 9,
	//           "takes": "",
	//           "text": "which store.Open (store.go:9) makes"
	//         }
	//       ]
	//     }
	//   ]
	// }
}

// The plan is that of an application: see container.App.Plan.
func ExamplePlan_Explain() {
	why, err := shopPlan().Explain("*api.Server")
	fmt.Print(why)
	fmt.Println("error:", err)

	_, err = shopPlan().Explain("api.server")
	fmt.Println("error:", err)

	// Output:
	// *api.Server waits for *store.Store because api.NewServer (api.go:12) takes *stock.Cache, which stock.NewCache (cache.go:7) builds from *store.Store, which store.Open (store.go:9) makes
	// *api.Server is in layer 1, which starts when all of layer 0 is ready
	// error: <nil>
	// error: the plan has no unit "api.server"; did you mean "*api.Server"?
}

// The sentence of one chain.
func ExampleChain_String() {
	for _, chain := range shopPlan().Chains {
		fmt.Println(chain)
	}

	// Output:
	// *api.Server waits for *store.Store because api.NewServer (api.go:12) takes *stock.Cache, which stock.NewCache (cache.go:7) builds from *store.Store, which store.Open (store.go:9) makes
}

var _ fmt.Stringer = hooks.Chain{}
