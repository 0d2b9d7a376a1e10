"""The one place that knows rclpy: hosts, conversions, quality of service."""
