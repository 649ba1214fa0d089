# Jobs beside the test that starts them. Without a queue Inferno runs a job in place, but a CRD test starts
# its calls, waits for them, and they wait for it: they would wait for ever.
require 'inferno/jobs'

module BackgroundJobs
  def perform(job_klass, *params, force_synchronous: false, tags: nil)
    return super if force_synchronous

    Thread.new { job_klass.new.perform(*params) }
  end
end

Inferno::Jobs.singleton_class.prepend(BackgroundJobs)
