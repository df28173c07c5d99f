//! kql
