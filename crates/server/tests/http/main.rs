//! HTTP and command-line stories against the built executable; of our code only what puts the
//! rows of a collector into a folder is linked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends with a panic; helpers of tests too"
)]

mod audit;
mod azdo;
mod bad_input;
mod badge;
mod badges_query;
mod badges_serving;
mod batch;
mod browsers;
mod categorize;
mod client;
mod collector;
mod collector_faults;
mod collector_history;
mod collector_kills;
mod collector_serve;
mod collector_settings;
mod collector_told;
mod collector_trial;
mod commands;
mod connections;
mod cors;
mod demo;
mod durability;
mod events;
mod exec;
mod exec_safety;
mod exec_services;
mod exec_telemetry;
mod functions;
mod grafana;
mod hooks;
mod hooks_collect;
mod hooks_commands;
mod hooks_deliveries;
mod hooks_kills;
mod hooks_limits;
mod hooks_state;
mod hooks_upkeep;
mod ingest;
mod keys;
mod known;
mod kusto_v2;
mod loganalytics;
mod metadata;
mod metrics;
mod official;
mod own_tables;
mod pipeline_scripts;
mod portal_events;
mod portal_kept;
mod portal_pages;
mod portal_proxy;
mod portal_query;
mod portal_query_export;
mod portal_query_state;
mod portal_saved;
mod portal_session;
mod process;
mod queries;
mod report_domains;
mod reports_truth;
mod security;
mod server;
mod telemetry;
mod tls;
mod tls_client;
mod trace_place;
mod track;
mod track_command;
mod track_limits;
mod tracking;
