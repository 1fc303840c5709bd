//! Dependencies point one way, and nothing that a user builds reaches libclang.

use std::collections::{HashMap, HashSet, VecDeque};

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use crate::paths;

/// Our crates and those of ours that each may use, build scripts included and tests not.
///
/// `ctp-types` may be named by whoever depends on a crate that shows its records.
const ALLOWED: &[(&str, &[&str])] = &[
    ("ctp-gen", &[]),
    ("ctp-types", &["ctp-gen"]),
    ("ctp-sys", &["ctp-gen", "ctp-types"]),
    ("ctp-market", &[]),
    ("ctp-ring", &[]),
    ("ctp-sim", &["ctp-market", "ctp-types"]),
    ("ctp-sim-host", &["ctp-market", "ctp-sim", "ctp-types"]),
    ("ctp-sim-abi", &["ctp-gen", "ctp-sim-host", "ctp-types"]),
    ("ctp-gateway", &["ctp-gen", "ctp-market", "ctp-ring", "ctp-sys", "ctp-types"]),
    ("ctp", &["ctp-gateway", "ctp-gen", "ctp-market", "ctp-sim", "ctp-sim-host", "ctp-sys", "ctp-types"]),
    ("ctp-py", &["ctp", "ctp-gateway", "ctp-gen", "ctp-ring", "ctp-sys", "ctp-types"]),
    ("ctp-bench", &["ctp", "ctp-gateway", "ctp-ring", "ctp-sim", "ctp-sim-host", "ctp-sys", "ctp-types"]),
    ("demo", &["ctp"]),
    ("xtask", &["ctp-gen"]),
];

/// The crates that a user builds.
const USER_BUILT: &[&str] = &[
    "ctp",
    "ctp-gateway",
    "ctp-market",
    "ctp-py",
    "ctp-ring",
    "ctp-sim",
    "ctp-sim-abi",
    "ctp-sim-host",
    "ctp-sys",
    "ctp-types",
    "demo",
];

/// Checks both rules on the workspace.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(paths::root().join("Cargo.toml"))
        .exec()
        .context("cannot read the dependencies of the workspace")?;
    let graph = Graph::of(&metadata)?;
    check_edges(&graph)?;
    for root in USER_BUILT {
        if let Some(path) = graph.path(root, "clang-sys")? {
            anyhow::bail!("{root} reaches libclang: {}", path.join(" → "));
        }
    }
    println!(
        "{} crates, edges as allowed; none of {} reaches libclang",
        graph.ours.len(),
        USER_BUILT.join(", ")
    );
    Ok(())
}

fn check_edges(graph: &Graph) -> Result<()> {
    let rules: HashMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for (name, id) in &graph.ours {
        let allowed = rules.get(name.as_str()).with_context(|| {
            format!("crate {name} has no rule; add it to xtask/src/check/dependencies.rs as design says")
        })?;
        for used in graph.edges.get(id).into_iter().flatten() {
            let used = graph.name(used);
            let is_ours = graph.ours.contains_key(used);
            ensure!(!is_ours || allowed.contains(&used), "{name} → {used} is not allowed");
        }
    }
    Ok(())
}

/// What is built for what: normal and build dependencies, not those of tests.
struct Graph {
    names: HashMap<PackageId, String>,
    edges: HashMap<PackageId, Vec<PackageId>>,
    ours: HashMap<String, PackageId>,
}

impl Graph {
    fn of(metadata: &Metadata) -> Result<Self> {
        let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
        let is_built = |kind: &DependencyKind| *kind != DependencyKind::Development;
        let edges = resolve.nodes.iter().map(|node| {
            let built = node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|info| is_built(&info.kind)));
            (node.id.clone(), built.map(|dep| dep.pkg.clone()).collect())
        });
        Ok(Self {
            edges: edges.collect(),
            names: metadata
                .packages
                .iter()
                .map(|package| (package.id.clone(), package.name.to_string()))
                .collect(),
            ours: metadata
                .workspace_packages()
                .into_iter()
                .map(|package| (package.name.to_string(), package.id.clone()))
                .collect(),
        })
    }

    fn name(&self, id: &PackageId) -> &str {
        self.names.get(id).map_or("?", String::as_str)
    }

    /// Returns the shortest path from our crate `root` to any crate called `target`.
    fn path(&self, root: &str, target: &str) -> Result<Option<Vec<&str>>> {
        let start = self.ours.get(root).with_context(|| format!("no crate {root} in the workspace"))?;
        let mut queue = VecDeque::from([vec![start]]);
        let mut seen = HashSet::from([start]);
        while let Some(path) = queue.pop_front() {
            let last = path[path.len() - 1];
            if self.name(last) == target {
                return Ok(Some(path.into_iter().map(|id| self.name(id)).collect()));
            }
            for next in self.edges.get(last).into_iter().flatten() {
                if seen.insert(next) {
                    queue.push_back(path.iter().copied().chain([next]).collect());
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a graph of crates that are all ours.
    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let id = |name: &str| PackageId { repr: name.to_owned() };
        Graph {
            names: edges.iter().map(|(name, _)| (id(name), (*name).to_owned())).collect(),
            ours: edges.iter().map(|(name, _)| ((*name).to_owned(), id(name))).collect(),
            edges: edges.iter().map(|(name, to)| (id(name), to.iter().map(|to| id(to)).collect())).collect(),
        }
    }

    #[test]
    fn the_way_to_libclang_is_told() {
        let graph = graph(&[
            ("demo", &["ctp"]),
            ("ctp", &["ctp-gen"]),
            ("ctp-gen", &["clang-sys"]),
            ("clang-sys", &[]),
        ]);
        assert_eq!(
            graph.path("demo", "clang-sys").unwrap().unwrap(),
            ["demo", "ctp", "ctp-gen", "clang-sys"]
        );
        assert_eq!(graph.path("clang-sys", "demo").unwrap(), None);
    }

    #[test]
    fn an_edge_against_the_direction_is_refused() {
        let graph = graph(&[("ctp-sim", &["ctp-gateway"]), ("ctp-gateway", &[])]);
        assert_eq!(check_edges(&graph).unwrap_err().to_string(), "ctp-sim → ctp-gateway is not allowed");
    }

    #[test]
    fn a_crate_without_a_rule_is_refused() {
        assert!(check_edges(&graph(&[("ctp-new", &[])])).unwrap_err().to_string().contains("has no rule"));
    }
}
