//! Configurations as `Debug` shows them: without secrets, by [`Secret`](super::Secret), and without proxies.

use std::fmt;

use super::{MdConfig, TdConfig, shown};

fn all_shown(addresses: &[String]) -> Vec<String> {
    addresses.iter().map(|address| shown(address)).collect()
}

/// Shows fronts without the proxy behind them, which may carry a password.
impl fmt::Debug for MdConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Exhaustive, so that a new field is not forgotten here.
        let Self {
            library,
            version,
            fronts,
            name_servers,
            fens_mode,
            broker_id,
            user_id,
            password,
            flow_dir,
            instance,
            production,
            udp,
            multicast,
            tick_capacity,
            timeouts,
            capture,
            clock,
        } = self;
        formatter
            .debug_struct("MdConfig")
            .field("library", library)
            .field("version", version)
            .field("fronts", &all_shown(fronts))
            .field("name_servers", &all_shown(name_servers))
            .field("fens_mode", fens_mode)
            .field("broker_id", broker_id)
            .field("user_id", user_id)
            .field("password", password)
            .field("flow_dir", flow_dir)
            .field("instance", instance)
            .field("production", production)
            .field("udp", udp)
            .field("multicast", multicast)
            .field("tick_capacity", tick_capacity)
            .field("timeouts", timeouts)
            .field("capture", capture)
            .field("clock", clock)
            .finish()
    }
}

/// Shows fronts without the proxy behind them, which may carry a password.
impl fmt::Debug for TdConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Exhaustive, so that a new field is not forgotten here.
        let Self {
            library,
            version,
            fronts,
            name_servers,
            fens_mode,
            broker_id,
            user_id,
            investor_id,
            password,
            one_time_password,
            app_id,
            auth_code,
            product_info,
            flow_dir,
            instance,
            production,
            private_resume,
            public_resume,
            relay,
            confirm_settlement,
            recovery,
            read_only,
            reconcile,
            reconcile_every,
            cache,
            timeouts,
            risk,
            journal,
            capture,
            counts,
            clock,
        } = self;
        formatter
            .debug_struct("TdConfig")
            .field("library", library)
            .field("version", version)
            .field("fronts", &all_shown(fronts))
            .field("name_servers", &all_shown(name_servers))
            .field("fens_mode", fens_mode)
            .field("broker_id", broker_id)
            .field("user_id", user_id)
            .field("investor_id", investor_id)
            .field("password", password)
            .field("one_time_password", one_time_password)
            .field("app_id", app_id)
            .field("auth_code", auth_code)
            .field("product_info", product_info)
            .field("flow_dir", flow_dir)
            .field("instance", instance)
            .field("production", production)
            .field("private_resume", private_resume)
            .field("public_resume", public_resume)
            .field("relay", relay)
            .field("confirm_settlement", confirm_settlement)
            .field("recovery", recovery)
            .field("read_only", read_only)
            .field("reconcile", reconcile)
            .field("reconcile_every", reconcile_every)
            .field("cache", cache)
            .field("timeouts", timeouts)
            .field("risk", risk)
            .field("journal", journal)
            .field("capture", capture)
            .field("counts", counts)
            .field("clock", clock)
            .finish()
    }
}
