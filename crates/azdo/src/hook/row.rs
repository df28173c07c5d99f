//! Rows of deliveries: `PipelineEvents`, and `ReleaseDeployments` of completed deployments
//! (spec azure-devops.md §8.5, §4.6).

use model::Batch;
use model::tables::pipelines::PIPELINE_EVENTS;

use super::{Delivery, Event};
use crate::rows::writer::Rows;
use crate::rows::{RowsError, of_deployment};

/// What is not in a delivery but in its row.
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    /// Nanoseconds since 1970.
    pub received_at: i64,
    /// The name of the key it came with.
    pub key_name: &'a str,
    /// Whether what follows from it was done.
    pub is_processed: bool,
    /// Why not; `''` when nothing failed.
    pub error: &'a str,
}

impl Delivery {
    /// The row of `PipelineEvents`.
    ///
    /// # Errors
    ///
    /// Internal.
    pub fn row(&self, receipt: Receipt<'_>) -> Result<Option<Batch>, RowsError> {
        let envelope = &self.envelope;
        let error = match &self.event {
            Event::Unreadable(why) if receipt.error.is_empty() => why,
            _ => receipt.error,
        };
        let mut rows = Rows::new(&PIPELINE_EVENTS, 1);
        rows.long(receipt.received_at)
            .maybe(envelope.created_date)
            .text(receipt.key_name)
            .text(&envelope.subscription_id)
            .maybe(envelope.notification_id)
            .text(&envelope.event_id)
            .text(&envelope.event_type)
            .text(&envelope.publisher_id)
            .text(&envelope.resource_version)
            .text(&envelope.project_id)
            .maybe(self.event.build_id(self.kind))
            .maybe(self.event.release_id(self.kind))
            .text(&self.payload.to_string())
            .bool(receipt.is_processed)
            .text(error)
            .end();
        rows.finish()
    }

    /// The row of `ReleaseDeployments`; none but for a completed deployment whose id was sent.
    ///
    /// Organization is the name in the sender's address, Project the project's name.
    ///
    /// # Errors
    ///
    /// Internal.
    pub fn deployment_row(&self, received_at: i64) -> Result<Option<Batch>, RowsError> {
        match &self.event {
            Event::DeploymentCompleted(deployed) if deployed.deployment.id != 0 => of_deployment(
                &deployed.deployment,
                &self.envelope.organization,
                &deployed.project.name,
                received_at,
            ),
            _ => Ok(None),
        }
    }
}
