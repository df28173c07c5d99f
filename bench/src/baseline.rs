//! The same twelve questions as plans written by hand on DataFusion, over the same extent files,
//! with the engine settings the product uses.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use datafusion::functions::expr_fn::date_bin;
use datafusion::functions_aggregate::expr_fn::{
    approx_distinct, approx_percentile_cont, count, sum,
};
use datafusion::prelude::*;
use datafusion::scalar::ScalarValue;
use model::time::{DAY, HOUR};

use crate::envelopes::operation_id;
use crate::generate::{END, SEED};

pub struct Baseline {
    requests: DataFrame,
    exceptions: DataFrame,
}

impl Baseline {
    /// Opens the extents below `data` as two plain Parquet tables.
    pub async fn open(data: &Path) -> Result<Baseline> {
        let mut config = SessionConfig::new().with_target_partitions(2);
        let parquet = &mut config.options_mut().execution.parquet;
        parquet.pushdown_filters = true;
        parquet.reorder_filters = true;
        let context = SessionContext::new_with_config(config);
        let requests = table(&context, data, "requests").await?;
        let exceptions = table(&context, data, "exceptions").await?;
        Ok(Baseline { requests, exceptions })
    }

    /// Runs the plan called `name`; the number of its rows.
    pub async fn rows(&self, name: &str) -> Result<usize> {
        let batches = self.plan(name)?.collect().await?;
        Ok(batches.iter().map(|b| b.num_rows()).sum())
    }

    fn plan(&self, name: &str) -> Result<DataFrame> {
        let requests = self.requests.clone();
        let task = || column("customDimensions.taskName");
        let failed = || column("success").eq(lit("False"));
        Ok(match name {
            "bins_30d" => requests.aggregate(bins(300), counted())?,
            "bins_24h" => requests.filter(since(DAY))?.aggregate(bins(300), counted())?,
            "dcount" => requests.aggregate(
                vec![task()],
                vec![approx_distinct(column("customDimensions.projectId"))],
            )?,
            "percentiles" => requests.aggregate(
                vec![column("name")],
                [0.5, 0.95, 0.99]
                    .map(|p| {
                        approx_percentile_cont(column("duration").sort(true, false), lit(p), None)
                    })
                    .to_vec(),
            )?,
            "top_urls" => requests
                .filter(since(6 * HOUR).and(failed()))?
                .aggregate(vec![column("url")], counted())?
                .sort_by(vec![column("n")])?
                .limit(0, Some(10))?,
            "needle" => requests
                .filter(column("url").ilike(lit("%resource117/item00042%")))?
                .aggregate(Vec::new(), counted())?,
            "lookup" => {
                requests.filter(column("operation_Id").eq(lit(operation_id(SEED, 123_457))))?
            }
            "weighted_average" => {
                let weight = cast(column("itemCount"), DataType::Float64);
                let value = column("customMeasurements.Completion Time") * weight.clone();
                requests.aggregate(vec![task()], vec![sum(value) / sum(weight)])?
            }
            "join" => self.join()?,
            "latest_failures" => requests
                .filter(failed())?
                .sort(vec![column("timestamp").sort(false, false)])?
                .limit(0, Some(100))?,
            "property" => requests
                .filter(since(DAY).and(task().eq(lit("Task07"))))?
                .aggregate(vec![bin(3600)], counted())?,
            "slow" => requests
                .filter(column("duration").gt(lit(1000.0)))?
                .aggregate(Vec::new(), counted())?,
            other => bail!("no plan called `{other}`"),
        })
    }

    fn join(&self) -> Result<DataFrame> {
        let left = self
            .requests
            .clone()
            .filter(since(7 * DAY))?
            .select(vec![column("operation_Id"), column("name")])?;
        let right = self
            .exceptions
            .clone()
            .filter(since(7 * DAY))?
            .select(vec![column("operation_Id").alias("right_id"), column("type")])?;
        let joined =
            left.join(right, JoinType::Inner, &["\"operation_Id\""], &["right_id"], None)?;
        Ok(joined.aggregate(vec![column("name"), column("type")], counted())?)
    }
}

use datafusion::arrow::datatypes::DataType;

/// A column by its exact name: dots and letter case mean nothing special.
fn column(name: &str) -> Expr {
    ident(name)
}

fn counted() -> Vec<Expr> {
    vec![count(lit(1)).alias("n")]
}

fn since(nanos: i64) -> Expr {
    column("timestamp").gt(lit(ScalarValue::TimestampNanosecond(Some(END - nanos), None)))
}

fn bin(seconds: i64) -> Expr {
    let width = ScalarValue::new_interval_mdn(0, 0, seconds * 1_000_000_000);
    let origin = ScalarValue::TimestampNanosecond(Some(0), None);
    date_bin(lit(width), column("timestamp"), lit(origin))
}

fn bins(seconds: i64) -> Vec<Expr> {
    vec![bin(seconds), column("client_OS")]
}

async fn table(context: &SessionContext, data: &Path, name: &str) -> Result<DataFrame> {
    let mut files = Vec::new();
    find(&data.join("extents"), name, &mut files)?;
    files.sort();
    let paths: Vec<String> = files.iter().map(|f| f.to_string_lossy().into_owned()).collect();
    let extension = files
        .first()
        .and_then(|f| f.extension())
        .map_or_else(String::new, |e| e.to_string_lossy().into_owned());
    let options = ParquetReadOptions::default().file_extension(&extension);
    context.read_parquet(paths, options).await.with_context(|| format!("open table `{name}`"))
}

/// Files of table `name` below `folder`, the indexes left out.
fn find(folder: &Path, name: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).context("list the extents")? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, name, found)?;
        } else if path.components().any(|c| c.as_os_str() == name)
            && path.extension().is_some_and(|e| e == "parquet")
        {
            found.push(path);
        }
    }
    Ok(())
}
